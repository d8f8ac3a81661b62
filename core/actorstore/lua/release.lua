-- Releases a lock that is still the caller's.
-- KEYS[1] the lock
-- KEYS[2] its counter, when ARGV[2] is given
-- ARGV[1] the token
-- ARGV[2] the fencing number in decimal; absent when the token alone decides
-- Returns 1: released, 0: no lock, -1: another's lock. Only 1 writes.
local token = redis.call('GET', KEYS[1])
if not token then return 0 end
if token ~= ARGV[1] then return -1 end
if ARGV[2] and redis.call('GET', KEYS[2]) ~= ARGV[2] then return -1 end
return redis.call('DEL', KEYS[1])
