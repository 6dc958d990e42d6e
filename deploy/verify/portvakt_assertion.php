<?php
/**
 * Verify X-Gateway-Assertion in a portal written in PHP; needs the openssl and json extensions.
 *
 *     require 'portvakt_assertion.php';
 *     $claims = portvakt_verify('https://one.example.se', 'portal');
 *     if ($claims === null) { http_response_code(401); exit; }
 *     $user = $claims['sub'];
 *
 * The issuer is public_url, the audience the name of your [[upstream]]. $keys_url is where the keys
 * are fetched when that is not the public address: by https, or on a loopback address, because
 * whoever changes them on the way signs as Portvakt. Throws RuntimeException when they cannot be
 * fetched: answer 503.
 */

declare(strict_types=1);

const PORTVAKT_LEEWAY_S = 10;
const PORTVAKT_KEYS_KEPT_S = 300;

/** Return the claims of the request's assertion, null when there is none or not a good one. */
function portvakt_verify(
    string $issuer,
    string $audience,
    ?string $keys_url = null,
    ?string $assertion = null
): ?array {
    $assertion ??= $_SERVER['HTTP_X_GATEWAY_ASSERTION'] ?? '';
    $parts = explode('.', $assertion);
    if (count($parts) !== 3) {
        return null;
    }
    [$head, $body, $signature] = array_map('portvakt_decode', $parts);
    $header = json_decode($head ?? '', true);
    $claims = json_decode($body ?? '', true);
    if (!is_array($header) || !is_array($claims) || ($header['alg'] ?? null) !== 'ES256'
        || !is_string($header['kid'] ?? null) || strlen($signature ?? '') !== 64) {
        return null;
    }
    $key = portvakt_key($keys_url ?? $issuer . '/.gateway/jwks.json', $header['kid']);
    if ($key === null) {
        return null;
    }
    $signed = $parts[0] . '.' . $parts[1];
    if (openssl_verify($signed, portvakt_der($signature), $key, OPENSSL_ALGO_SHA256) !== 1) {
        return null;
    }
    return portvakt_is_for($claims, $issuer, $audience, time()) ? $claims : null;
}

function portvakt_is_for(array $claims, string $issuer, string $audience, int $now): bool
{
    foreach (['iat', 'exp'] as $name) {
        if (!is_int($claims[$name] ?? null)) {
            return false;
        }
    }
    return ($claims['iss'] ?? null) === $issuer
        && ($claims['aud'] ?? null) === $audience
        && is_string($claims['sub'] ?? null)
        && $claims['iat'] <= $now + PORTVAKT_LEEWAY_S
        && $now < $claims['exp'] + PORTVAKT_LEEWAY_S;
}

/** Return a public key by its name, fetched anew when it is not among those that are kept. */
function portvakt_key(string $url, string $kid): ?OpenSSLAsymmetricKey
{
    $file = sys_get_temp_dir() . '/portvakt-keys-' . getmyuid() . '-' . hash('sha256', $url);
    $kept = is_file($file) && fileowner($file) === getmyuid() ? file_get_contents($file) : false;
    if ($kept !== false && time() < filemtime($file) + PORTVAKT_KEYS_KEPT_S) {
        $key = portvakt_find($kept, $kid);
        if ($key !== null) {
            return $key;
        }
    }
    $way = stream_context_create(['http' => ['timeout' => 5, 'follow_location' => 0]]);
    $fetched = @file_get_contents($url, false, $way);
    if ($fetched === false) {
        throw new RuntimeException('the keys of Portvakt cannot be fetched');
    }
    $made = tempnam(sys_get_temp_dir(), 'portvakt');
    file_put_contents($made, $fetched);
    rename($made, $file);
    return portvakt_find($fetched, $kid);
}

function portvakt_find(string $jwks, string $kid): ?OpenSSLAsymmetricKey
{
    foreach (json_decode($jwks, true)['keys'] ?? [] as $key) {
        if (($key['kid'] ?? null) !== $kid || ($key['crv'] ?? null) !== 'P-256') {
            continue;
        }
        $point = "\x04" . portvakt_decode($key['x']) . portvakt_decode($key['y']);
        // SubjectPublicKeyInfo of a P-256 key (RFC 5480), up to the point itself.
        $before = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200');
        $pem = chunk_split(base64_encode($before . $point), 64, "\n");
        $read = openssl_pkey_get_public("-----BEGIN PUBLIC KEY-----\n{$pem}-----END PUBLIC KEY-----\n");
        return $read === false ? null : $read;
    }
    return null;
}

/** Return the two numbers of a JWS signature (RFC 7518 3.4) as OpenSSL reads them. */
function portvakt_der(string $signature): string
{
    $numbers = '';
    foreach (str_split($signature, 32) as $number) {
        $number = ltrim($number, "\x00");
        if ($number === '' || ord($number[0]) > 0x7f) {
            $number = "\x00" . $number;
        }
        $numbers .= "\x02" . chr(strlen($number)) . $number;
    }
    return "\x30" . chr(strlen($numbers)) . $numbers;
}

function portvakt_decode(string $text): ?string
{
    $plain = base64_decode(strtr($text, '-_', '+/'), true);
    return $plain === false ? null : $plain;
}
