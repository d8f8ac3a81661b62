-- Sets a field of a hash under a check of it or of another field. The hash keeps its life and its fields theirs.
-- KEYS[1] the hash
-- ARGV[1] the field that is checked, ARGV[2] what was seen in it
-- ARGV[3], ... names and values of the fields that are set
-- Returns 1; 0: the checked field holds something else, -1: it is gone.
local key = KEYS[1]
local value = redis.call('HGET', key, ARGV[1])
if not value then return -1 end
if value ~= ARGV[2] then return 0 end
local ends = {}
for i = 3, #ARGV, 2 do -- HSET takes the life of a field away, where fields have one
  local at = redis.pcall('HPEXPIRETIME', key, 'FIELDS', 1, ARGV[i])
  if at.err and not string.find(string.lower(at.err), 'unknown', 1, true) then return at end
  if not at.err and at[1] > 0 then
    may('HPEXPIREAT', key, at[1], 'FIELDS', 1, ARGV[i])
    ends[ARGV[i]] = at[1]
  end
end
redis.call('HSET', key, unpack(ARGV, 3))
for field, at in pairs(ends) do redis.call('HPEXPIREAT', key, at, 'FIELDS', 1, field) end
return 1
