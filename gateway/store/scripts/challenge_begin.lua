-- Starts a challenge unless this browser has a live one for this user and purpose.
-- KEYS      pointer of (browser, user, purpose), challenge that would be new
-- ARGV      nonce, name of the challenge, record, digest of the code, lifetime ms, key prefix of challenges
-- Returns   the nonce of the live challenge: a found one's, or the given one.
-- A pointer is "nonce name"; one whose challenge is used up leads nowhere and is replaced.
local pointer = redis.call('GET', KEYS[1])
if pointer then
  local nonce, name = string.match(pointer, '^(%S+) (%S+)$')
  if nonce and redis.call('EXISTS', ARGV[6] .. name) == 1 then
    return nonce
  end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[5])
redis.call('HSET', KEYS[2], 'record', ARGV[3], 'digest', ARGV[4], 'tries', 0, 'sends', 0,
  'sent_at', '0', 'delivery', 'pending')
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return ARGV[1]
