-- Renews what a gateway tells of itself, and tells it of all others.
-- KEYS      gateways, in the order in which they came
-- ARGV      prefix of records, id, record, lifetime ms, how many are looked at
-- Returns id and record of each, oldest first; this one's own as it was before, if it was there.
-- The order is counted here, so no clock of any machine matters. What somebody else has put in the
-- place of the list is thrown away, what stands in the place of a record is told as empty.
local prefix, id, lifetime = ARGV[1], ARGV[2], ARGV[4]
local last = redis.pcall('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last.err then
  redis.call('DEL', KEYS[1])
  last = {}
end
redis.call('ZADD', KEYS[1], 'NX', (tonumber(last[2]) or 0) + 1, id)
local found = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[5] - 1)) do
  local record = redis.pcall('GET', prefix .. name)
  if record then
    found[#found + 1] = name
    found[#found + 1] = type(record) == 'string' and record or ''
  elseif name ~= id then
    redis.call('ZREM', KEYS[1], name)
  end
end
redis.call('SET', prefix .. id, ARGV[3], 'PX', lifetime)
if redis.call('PTTL', KEYS[1]) < tonumber(lifetime) then
  redis.call('PEXPIRE', KEYS[1], lifetime)
end
return found
