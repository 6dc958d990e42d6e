-- Spends one try of a challenge and compares; the right code and the last try consume it.
-- KEYS      challenge
-- ARGV      digest of the submitted code, tries allowed
-- Returns   "over" when there is no such challenge, "right", or the tries left as text.
-- Both digests are keyed with the server's secret and the challenge, so comparing them byte by
-- byte tells nobody anything about the code.
local stored = redis.call('HMGET', KEYS[1], 'digest', 'tries')
if not stored[1] then
  return 'over'
end
local left = tonumber(ARGV[2]) - tonumber(stored[2]) - 1
if left < 0 then
  redis.call('DEL', KEYS[1])
  return 'over'
end
if stored[1] == ARGV[1] then
  redis.call('DEL', KEYS[1])
  return 'right'
end
if left == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('HINCRBY', KEYS[1], 'tries', 1)
end
return string.format('%d', left)
