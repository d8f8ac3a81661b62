-- Deletes a string that still holds what was seen.
-- KEYS[1] the string
-- ARGV[1] what was seen
-- ARGV[2], ARGV[3] a channel and what it is told; an empty channel: nobody is told
-- Returns {1, what was left of its life in ms}; {0}: it holds something else, {-1}: it is gone. Only 1 writes. The channel is
-- told first: nobody can act on it before the script ends, and on a server whose rights cannot be asked nothing is half done.
may('DEL', KEYS[1])
if ARGV[2] ~= '' then may('PUBLISH', ARGV[2], ARGV[3]) end
local value = redis.call('GET', KEYS[1])
if not value then return {-1} end
if value ~= ARGV[1] then return {0} end
local life = redis.call('PTTL', KEYS[1])
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
redis.call('DEL', KEYS[1])
return {1, life}
