-- Renews a fence that still is what was seen, and deletes what was made under the old one. The fence keeps its life.
-- KEYS[1] the fence, KEYS[2] what goes with it, if given
-- ARGV[1] what was seen, ARGV[2] the new fence
-- Returns 1; 0: it is another one, -1: it is gone. Only 1 writes. What goes is deleted first: should the fence then be refused, on a
-- server whose rights cannot be asked, a cache has missed once and nothing else.
may('SET', KEYS[1], ARGV[2], 'KEEPTTL')
if KEYS[2] then may('UNLINK', KEYS[2]) end
local fence = redis.call('GET', KEYS[1])
if not fence then return -1 end
if fence ~= ARGV[1] then return 0 end
if KEYS[2] then redis.call('UNLINK', KEYS[2]) end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
