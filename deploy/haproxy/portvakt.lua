-- Asks Portvakt whether a request may pass: the action `http-request lua.portvakt`.
--
-- 200: the fields that say who asks replace whatever the client sent under any spelling of their
-- names. Anything else goes to the client as it is. No answer: 503, never through.

local TOLD = {
    "X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Groups",
    "X-Gateway-Assertion", "X-Request-Id",
}
local PASSED = {
    "cookie", "origin", "accept", "accept-language", "x-requested-with", "sec-websocket-key",
    "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site",
}
local NOT_PASSED_BACK = {
    ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
    ["keep-alive"] = true,
}
local SECONDS = 10

-- The spelling in which look-alike names are equal.
local function fold(name)
    return (name:lower():gsub("[^a-z0-9]", ""))
end

local OURS = {}
for _, name in ipairs(TOLD) do
    OURS[fold(name)] = true
end

local function unavailable(txn)
    txn:done(txn:reply({ status = 503, reason = "Service Unavailable", headers = {}, body = "" }))
end

local function values(fields)
    local listed = {}
    for index, value in pairs(fields) do
        table.insert(listed, { index, value })
    end
    table.sort(listed, function(a, b) return a[1] < b[1] end)
    for place, pair in ipairs(listed) do
        listed[place] = pair[2]
    end
    return listed
end

local function question(txn, fields)
    local asked = {
        ["x-forwarded-method"] = { txn.sf:method() },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
        ["x-forwarded-host"] = { txn.sf:req_hdr("host") },
        ["x-forwarded-for"] = { txn.sf:src() },
    }
    for _, name in ipairs(PASSED) do
        if fields[name] then
            asked[name] = values(fields[name])
        end
    end
    return asked
end

local function refuse(txn, answer)
    local headers = {}
    for name, listed in pairs(answer.headers or {}) do
        if not NOT_PASSED_BACK[name:lower()] then
            headers[name] = values(listed)
        end
    end
    txn:done(txn:reply({
        status = answer.status, reason = answer.reason, headers = headers, body = answer.body or "",
    }))
end

core.register_action("portvakt", { "http-req" }, function(txn)
    local fields = txn.http:req_get_headers()
    local answer = core.httpclient():get({
        url = os.getenv("PORTVAKT") .. "/.gateway/verify?answer=client",
        headers = question(txn, fields),
        timeout = SECONDS * 1000,
    })
    if not answer or not answer.status or answer.status == 0 then
        return unavailable(txn)
    end
    if answer.status ~= 200 then
        return refuse(txn, answer)
    end
    for name, _ in pairs(fields) do
        if OURS[fold(name)] then
            txn.http:req_del_header(name)
        end
    end
    local told = {}
    for name, listed in pairs(answer.headers) do
        told[name:lower()] = values(listed)[1]
    end
    for _, name in ipairs(TOLD) do
        if told[name:lower()] then
            txn.http:req_set_header(name, told[name:lower()])
        end
    end
    -- The client's cookies, without the session.
    txn.http:req_del_header("cookie")
    local cookie = told["x-gateway-cookie"]
    if cookie and cookie ~= "" then
        txn.http:req_set_header("cookie", cookie)
    end
end, 0)
