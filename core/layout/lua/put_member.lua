-- Puts back a member that release_member.lua removed, unless it is there again.
-- KEYS[1] the collection
-- ARGV[1] set or zset; ARGV[2] the member; ARGV[3] its score, of a zset
-- ARGV[4] what is left of the collection's life in ms, for one that is made anew; '-1': it has no end
-- Returns 1; 0 if the member is there again.
local there = redis.call('EXISTS', KEYS[1])
local ends = there == 0 and ARGV[4] ~= '-1'
if ends then may('PEXPIRE', KEYS[1], ARGV[4]) end
if ARGV[1] == 'set' then
  if redis.call('SISMEMBER', KEYS[1], ARGV[2]) == 1 then return 0 end
  redis.call('SADD', KEYS[1], ARGV[2])
else
  if redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 0 end
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
end
if ends then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
