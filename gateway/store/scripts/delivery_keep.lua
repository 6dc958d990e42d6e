-- Keeps a message on the shelf of its number for a while; the oldest make room.
-- KEYS      shelf
-- ARGV      what is kept, how many the shelf holds, lifetime ms
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
