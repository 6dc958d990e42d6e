-- Adds to counts.
-- KEYS      hash of counts
-- ARGV      name, number, name, number …
for place = 1, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[place], ARGV[place + 1])
end
