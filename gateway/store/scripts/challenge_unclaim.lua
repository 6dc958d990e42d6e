-- Gives a claimed send back: its message was refused before it left.
-- KEYS      challenge
-- ARGV      sends with the claimed one; sends, time of the last (seconds) and how it went before it
if redis.call('HGET', KEYS[1], 'sends') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'sends', ARGV[2], 'sent_at', ARGV[3], 'delivery', ARGV[4])
end
return 0
