// Verify X-Gateway-Assertion in the nginx in front of a portal (njs from 0.7.9 on); see nginx.conf.

const LEEWAY_S = 10;
// SubjectPublicKeyInfo of a P-256 key (RFC 5480), up to the point itself.
const BEFORE_POINT = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';
const ES256 = { name: 'ECDSA', hash: 'SHA-256' };

// Sends a request on to @portal with $portvakt_user and its kin set; 401 without a good assertion,
// 503 when the keys cannot be fetched.
async function guard(r) {
    let claims = null;
    try {
        claims = await verified(r, r.headersIn['X-Gateway-Assertion']);
    } catch (error) {
        r.error('the keys of Portvakt cannot be fetched: ' + error.message);
        r.return(503);
        return;
    }
    if (claims === null) {
        r.return(401);
        return;
    }
    r.variables.portvakt_user = claims.sub;
    r.variables.portvakt_groups = claims.groups.map(encodeURIComponent).join(',');
    r.internalRedirect('@portal');
}

async function verified(r, assertion) {
    const parts = (assertion || '').split('.');
    if (parts.length !== 3) {
        return null;
    }
    const header = json(parts[0]);
    const claims = json(parts[1]);
    const signature = Buffer.from(parts[2], 'base64url');
    if (!header || !claims || header.alg !== 'ES256' || signature.length !== 64) {
        return null;
    }
    const key = await keyNamed(r, header.kid);
    if (key === null) {
        return null;
    }
    const good = await crypto.subtle.verify(ES256, key, signature, parts[0] + '.' + parts[1])
        .catch(() => false);
    return good && isForUs(r, claims) ? claims : null;
}

function isForUs(r, claims) {
    const now = Date.now() / 1000;
    return claims.iss === r.variables.portvakt_issuer
        && claims.aud === r.variables.portvakt_audience
        && typeof claims.sub === 'string'
        && Array.isArray(claims.groups)
        && typeof claims.iat === 'number' && claims.iat <= now + LEEWAY_S
        && typeof claims.exp === 'number' && now < claims.exp + LEEWAY_S;
}

// The list that nginx keeps first; a key that is not in it is looked for in a fresh one.
async function keyNamed(r, kid) {
    const places = ['/_portvakt_keys', '/_portvakt_keys_anew'];
    for (let i = 0; i < places.length; i++) {
        const answer = await r.subrequest(places[i], { method: 'GET' });
        if (answer.status !== 200) {
            throw new Error('status ' + answer.status);
        }
        const found = JSON.parse(answer.responseText).keys.filter((key) => key.kid === kid);
        if (found.length === 1 && found[0].crv === 'P-256') {
            return read(found[0]);
        }
    }
    return null;
}

function read(key) {
    const point = [Buffer.from(key.x, 'base64url'), Buffer.from(key.y, 'base64url')];
    const spki = Buffer.concat([Buffer.from(BEFORE_POINT, 'hex'), point[0], point[1]]);
    const curve = { name: 'ECDSA', namedCurve: 'P-256' };
    return crypto.subtle.importKey('spki', spki, curve, false, ['verify']);
}

function json(part) {
    try {
        return JSON.parse(Buffer.from(part, 'base64url').toString());
    } catch (error) {
        return null;
    }
}

export default { guard };
