-- Keeps refusals for a while; what is too many on their shelf goes, the oldest first.
-- KEYS      shelf
-- ARGV      prefix of refusals, lifetime ms, how many the shelf holds, now (seconds);
--           then for each its name and what is kept
-- A name whose refusal has ended by itself may stand on the shelf for longer: it goes in its turn.
local prefix, lifetime, most, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
for place = 5, #ARGV, 2 do
  redis.call('SET', prefix .. ARGV[place], ARGV[place + 1], 'PX', lifetime)
  redis.call('ZADD', KEYS[1], now, ARGV[place])
end
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1 - most)) do
  redis.call('DEL', prefix .. name)
  redis.call('ZREM', KEYS[1], name)
end
redis.call('PEXPIRE', KEYS[1], lifetime)
