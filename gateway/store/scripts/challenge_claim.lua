-- Claims the right to send one message: at most one caller gets each send.
-- KEYS      challenge
-- ARGV      sends so far, as the caller read them; now (seconds)
-- Returns   1 when claimed, else 0.
local sends = redis.call('HGET', KEYS[1], 'sends')
if sends ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'sends', tonumber(sends) + 1, 'sent_at', ARGV[2], 'delivery', 'pending')
return 1
