-- Writes down how one send ended, unless a later one has begun or the challenge is gone.
-- KEYS      challenge
-- ARGV      number of the send (1 is the first), "sent" | "failed"
if redis.call('HGET', KEYS[1], 'sends') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'delivery', ARGV[2])
end
return 0
