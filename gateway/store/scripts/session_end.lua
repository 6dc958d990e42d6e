-- Ends sessions and announces each.
-- KEYS      index of the user
-- ARGV      key prefix of sessions, channel, "one" | "all-but", name of the one (may be "")
-- Returns   the names of the ended sessions.
local index, prefix, channel, which, one = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local names = {one}
if which == 'all-but' then
  names = redis.call('ZRANGE', index, 0, -1)
end
local ended = {}
for _, name in ipairs(names) do
  if which == 'one' or name ~= one then
    -- First the record: where it has moved to another node, this ends here and nothing is done.
    if redis.call('DEL', prefix .. name) == 1 then
      redis.call('PUBLISH', channel, name)
      ended[#ended + 1] = name
    end
    redis.call('ZREM', index, name)
  end
end
return ended
