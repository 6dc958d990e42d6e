-- Lists the live sessions of a user, oldest first.
-- KEYS      index of the user
-- ARGV      key prefix of sessions
local live = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', ARGV[1] .. name) == 1 then
    live[#live + 1] = name
  end
end
return live
