-- Writes a new session, ends the one it replaces and the user's oldest beyond the limit.
-- KEYS      session, index of the user
-- ARGV      name of the session, record, last use, lifetime ms, limit, key prefix of sessions,
--           name of the replaced session ("" when none), channel, label
-- Returns   the names of the ended sessions, each announced on the channel.
-- The index is a sorted set of names by order of opening; a name whose record has run out is
-- removed here. It lives as long as its youngest session.
local session, index = KEYS[1], KEYS[2]
local name, record, seen, lifetime = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local limit, prefix, replaced, channel = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local label = ARGV[9]
local ended = {}

local function finish(other)
  -- First the record: where it has moved to another node, this ends here and nothing is done.
  if redis.call('DEL', prefix .. other) == 1 then
    redis.call('PUBLISH', channel, other)
    ended[#ended + 1] = other
  end
  redis.call('ZREM', index, other)
end

if replaced ~= '' then
  finish(replaced)
end
for _, other in ipairs(redis.call('ZRANGE', index, 0, -1)) do
  if redis.call('EXISTS', prefix .. other) == 0 then
    redis.call('ZREM', index, other)
  end
end
local live = redis.call('ZRANGE', index, 0, -1)
for place = 1, #live - limit + 1 do
  finish(live[place])
end

local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')
local order = (tonumber(last[2]) or 0) + 1
redis.call('HSET', session, 'record', record, 'seen', seen, 'index', index, 'label', label)
redis.call('PEXPIRE', session, lifetime)
redis.call('ZADD', index, order, name)
if redis.call('PTTL', index) < lifetime then
  redis.call('PEXPIRE', index, lifetime)
end
return ended
