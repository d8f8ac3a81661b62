-- Stands before the rest of update.lua: an actor that is, byte by byte, the one the caller read needs no decoding, nor
-- anything that is there for it.
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
if stored == ARGV[5] and stored ~= '' and string.find(ARGV[1], 'actor$') then
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
  return 1
end

