-- Unlock: deletes a lock that still holds the caller's token.
-- KEYS: 1 lock
-- ARGV: 1 token
-- Reply: 1 if it was released, else 0

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
