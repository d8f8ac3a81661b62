-- Stores a new worker's document.
-- KEYS[1] the document
-- ARGV[1] its text
-- ARGV[2] how long it lives, in ms; '' for ever
-- Returns 1: stored, 0: the key is taken, by whatever.
local stored
if ARGV[2] == '' then
  stored = redis.call('SET', KEYS[1], ARGV[1], 'NX')
else
  stored = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
end
if not stored then return 0 end
tell(0, ARGV[1])
return 1
