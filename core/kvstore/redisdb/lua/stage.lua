-- Adds pairs to what a restore has staged. It ends by itself if the restore does not go on.
-- KEYS[1]  :load:<token>, a list: key, value, expiry for each pair
-- ARGV[1]  ms that it lives   ARGV[2...]  what to add, at most 7000 items
-- Returns the length of the list.
finishable(KEYS[1])
may('PEXPIRE', KEYS[1], ARGV[1])
local n = redis.call('RPUSH', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return n
