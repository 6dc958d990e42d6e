-- Moves the last use of sessions forward, never back, and never brings an ended one back.
-- KEYS      sessions
-- ARGV      for each: last use (seconds), lifetime ms, longest pause between uses (seconds)
-- Returns   for each 1 when the session is there, else 0.
-- The longest pause only grows. The index of the user is kept at least as long as the session.
local answers = {}
for place, key in ipairs(KEYS) do
  local seen, lifetime, idle = ARGV[3 * place - 2], tonumber(ARGV[3 * place - 1]), ARGV[3 * place]
  local stored = redis.call('HMGET', key, 'seen', 'index', 'idle')
  answers[place] = stored[1] and 1 or 0
  if stored[1] and tonumber(idle) > tonumber(stored[3] or 0) then
    redis.call('HSET', key, 'idle', idle)
  end
  if stored[1] and tonumber(seen) > tonumber(stored[1]) then
    redis.call('HSET', key, 'seen', seen)
    redis.call('PEXPIRE', key, lifetime)
    if redis.call('PTTL', stored[2]) < lifetime then
      redis.call('PEXPIRE', stored[2], lifetime)
    end
  end
end
return answers
