-- Returns the labels of sessions.
-- KEYS      sessions
-- Returns   for each two values: label and last use (seconds); both "" when it is not there.
local answers = {}
for place, key in ipairs(KEYS) do
  local stored = redis.call('HMGET', key, 'label', 'seen')
  answers[2 * place - 1] = stored[1] or ''
  answers[2 * place] = stored[2] or ''
end
return answers
