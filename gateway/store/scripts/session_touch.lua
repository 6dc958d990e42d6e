-- Moves the last use of a session forward, never back, and never brings an ended one back.
-- KEYS      session
-- ARGV      last use (seconds), lifetime ms
-- Returns   1 when the session is there, else 0.
-- The index of the user is kept at least as long.
local stored = redis.call('HMGET', KEYS[1], 'seen', 'index')
if not stored[1] then
  return 0
end
local seen, lifetime = tonumber(ARGV[1]), tonumber(ARGV[2])
if seen > tonumber(stored[1]) then
  redis.call('HSET', KEYS[1], 'seen', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], lifetime)
  if redis.call('PTTL', stored[2]) < lifetime then
    redis.call('PEXPIRE', stored[2], lifetime)
  end
end
return 1
