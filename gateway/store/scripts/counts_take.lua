-- Takes all counts away, so that only one who asks has them.
-- KEYS      hash of counts
-- Returns   name, number, name, number …
local found = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return found
