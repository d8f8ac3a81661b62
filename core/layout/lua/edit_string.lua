-- Sets a string that still holds what was seen. It keeps its life.
-- KEYS[1] the string; ARGV[1] what was seen, ARGV[2] the new content
-- Returns 1; 0: it holds something else, -1: it is gone.
local value = redis.call('GET', KEYS[1])
if not value then return -1 end
if value ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
