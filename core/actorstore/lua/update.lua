-- Compare-and-set of an actor's or a worker's document, which keeps its time to live.
-- KEYS[1]   the document
-- ARGV[1]   its kind: actor or worker
-- ARGV[2]   the expected version, in decimal
-- ARGV[3]   the new document
-- ARGV[4]   how many of its bytes stand before the unknown members the caller read; '' stores it just as it is
-- ARGV[5]   the document the caller read, if that has the expected version and the same immutable members; else ''
-- ARGV[6..] the values of the immutable members, in the order of document.lua
-- Returns 1: written, 2: written with the unknown members of the stored document instead of the caller's, 0: missing,
-- -1: another version, -2: an immutable member differs, -3: the stored document cannot be read. Only 1 and 2 write.
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
local new = ARGV[3]

-- A stored document that is, byte by byte, the one the caller read needs no decoding.
if stored ~= ARGV[5] or stored == '' then
  local doc = decode(stored)
  if not doc then return -3 end
  if version(doc, stored) ~= ARGV[2] then return -1 end
  local fixed, known = layout(ARGV[1])
  for i = 1, #fixed do
    if member(doc, fixed[i], '') ~= ARGV[5 + i] then return -2 end
  end
  if ARGV[4] ~= '' then
    local unknown = ''
    for name in pairs(doc) do
      if not known[name] then
        members(stored, function(n, text) if not known[n] then unknown = unknown .. ',' .. text end end)
        break
      end
    end
    if unknown ~= '' or #new > ARGV[4] + 1 then new = string.sub(new, 1, tonumber(ARGV[4])) .. unknown .. '}' end
  end
end
redis.call('SET', KEYS[1], new, 'KEEPTTL')
return new == ARGV[3] and 1 or 2
