-- Removes a member of a set, sorted set or list; of a list the first one that is like it.
-- KEYS[1] the collection
-- ARGV[1] set, zset or list; ARGV[2] the member; ARGV[3] the score that was seen, of a zset
-- ARGV[4], ARGV[5] a channel and what it is told; an empty channel: nobody is told
-- Returns {1, what was left of the collection's life in ms, 1 if it stays}; {0}: the member has another score, {-1}: it
-- is gone. Only 1 writes, in one command; the channel is told first.
local kind, member = ARGV[1], ARGV[2]
if kind == 'set' then
  if redis.call('SISMEMBER', KEYS[1], member) == 0 then return {-1} end
  may('SREM', KEYS[1], member)
elseif kind == 'zset' then
  local score = redis.call('ZSCORE', KEYS[1], member)
  if not score then return {-1} end
  if tonumber(score) ~= tonumber(ARGV[3]) then return {0} end
  may('ZREM', KEYS[1], member)
else
  if not redis.call('LPOS', KEYS[1], member) then return {-1} end
  may('LREM', KEYS[1], 1, member)
end
local size = ({set = 'SCARD', zset = 'ZCARD', list = 'LLEN'})[kind]
local stays = redis.call(size, KEYS[1]) > 1 and 1 or 0
local life = redis.call('PTTL', KEYS[1])
if ARGV[4] ~= '' then
  may('PUBLISH', ARGV[4], ARGV[5])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
if kind == 'set' then redis.call('SREM', KEYS[1], member)
elseif kind == 'zset' then redis.call('ZREM', KEYS[1], member)
else redis.call('LREM', KEYS[1], 1, member) end
return {1, life, stays}
