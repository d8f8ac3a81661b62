-- Deletes a string, or a hash by one of its fields, that still holds what was seen.
-- KEYS[1] the key; ARGV[1] what was seen; ARGV[2] the field, of a hash
-- Returns 1; 0: it holds something else, -1: it is gone.
local value
if ARGV[2] then value = redis.call('HGET', KEYS[1], ARGV[2]) else value = redis.call('GET', KEYS[1]) end
if not value then return -1 end
if value ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
return 1
