-- The rule of policies/lockout.py, atomically, over several counters.
-- KEYS      one counter each
-- ARGV      "spend" | "refund", time of the try, then per counter: count, period, number of locks, locks...
-- Returns   spend: "" when the try was counted and may be judged, else the time until which it is
--           locked (nothing was counted); refund: "".
-- A counter without locks is a budget: when full, it waits until the window has room again.
-- One with a count of 0 is only looked at: its lock holds, and nothing is counted there.
-- A counter is one string: locked_until filled_at level failure failure ... (seconds, 17 digits).
local MEMORY_FACTOR = 2

local function number(value)
  return string.format('%.17g', value)
end

local function rules_of(arguments)
  local rules, at = {}, 3
  for index = 1, #KEYS do
    local rule = {count = tonumber(arguments[at]), period = tonumber(arguments[at + 1]), locks = {}}
    local locks = tonumber(arguments[at + 2])
    rule.forget = rule.period
    for step = 1, locks do
      local lock = tonumber(arguments[at + 2 + step])
      rule.locks[step] = lock
      rule.forget = math.max(rule.forget, lock)
    end
    rules[index] = rule
    at = at + 3 + locks
  end
  return rules
end

local function load(key)
  local state = {locked_until = 0, filled_at = 0, level = 0, failures = {}}
  local text = redis.call('GET', key)
  if not text then
    return state
  end
  local words = {}
  for word in string.gmatch(text, '%S+') do
    words[#words + 1] = tonumber(word)
  end
  state.locked_until, state.filled_at, state.level = words[1], words[2], words[3]
  for index = 4, #words do
    state.failures[#state.failures + 1] = words[index]
  end
  return state
end

local function save(key, rule, state, now)
  local words = {number(state.locked_until), number(state.filled_at), number(state.level)}
  for _, at in ipairs(state.failures) do
    words[#words + 1] = number(at)
  end
  local keep = math.max(now + rule.period, state.locked_until + rule.forget) - now
  redis.call('SET', key, table.concat(words, ' '), 'PX', string.format('%.0f', math.ceil(keep * 1000)))
end

local function fail(rule, state, now)
  local recent = {}
  for _, at in ipairs(state.failures) do
    if at > now - rule.period then
      recent[#recent + 1] = at
    end
  end
  recent[#recent + 1] = now
  while #recent > MEMORY_FACTOR * rule.count do
    table.remove(recent, 1)
  end
  state.failures = recent
  if now >= state.locked_until + rule.forget then
    state.level = 0
  end
  if #recent >= rule.count and #rule.locks == 0 then
    state.locked_until = recent[#recent - rule.count + 1] + rule.period
    state.filled_at = now
  elseif #recent >= rule.count then
    state.locked_until = now + rule.locks[math.min(state.level + 1, #rule.locks)]
    state.filled_at = now
    state.level = state.level + 1
  end
end

local function take_back(rule, state, at)
  local place = nil
  for index, failure in ipairs(state.failures) do
    if failure == at then
      place = index
      break
    end
  end
  if not place then
    return false
  end
  table.remove(state.failures, place)
  local holds = state.filled_at ~= at and #state.failures >= rule.count
  if state.locked_until > at and not holds then
    state.locked_until, state.filled_at, state.level = 0, 0, math.max(0, state.level - 1)
  end
  return true
end

local now = tonumber(ARGV[2])
local rules = rules_of(ARGV)
local states, locked_until = {}, 0
for index, key in ipairs(KEYS) do
  states[index] = load(key)
  locked_until = math.max(locked_until, states[index].locked_until)
end

if ARGV[1] == 'refund' then
  for index, key in ipairs(KEYS) do
    if take_back(rules[index], states[index], now) then
      save(key, rules[index], states[index], now)
    end
  end
  return ''
end

if locked_until > now then
  return number(locked_until)
end
for index, key in ipairs(KEYS) do
  if rules[index].count > 0 then
    fail(rules[index], states[index], now)
    save(key, rules[index], states[index], now)
  end
end
return ''
