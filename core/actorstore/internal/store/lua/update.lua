-- Compare-and-set of an actor's or a worker's document, which keeps its time to live.
-- KEYS[1]   the document
-- ARGV[1]   its kind: actor, worker, or a later worker (assignment.go); newer actor or newer worker (metadata.go) for an edit
-- ARGV[2]   the expected version, in decimal
-- ARGV[3]   the new document
-- ARGV[4]   how many of its bytes stand before the unknown members the caller read; '' is an edit: it is stored as it is
-- ARGV[5]   the document the caller read, if that has the expected version and the same immutable members; else ''
-- ARGV[6..] the values of the immutable members, in the order of document.lua; absent where the new document has them
-- Returns 1: written, 2: written with the unknown members of the stored document instead of the caller's, 0: missing,
-- -1: another version, -2: an immutable member differs, -3: the stored document cannot be read, {-4, name}: it has a
-- member for which the caller may not write this. Only 1 and 2 write.
local new = ARGV[3]

-- The member for which the caller may not write the new document.
local function refused(doc)
  local kind = string.match(ARGV[1], '%a+$')
  if ARGV[4] ~= '' then
    if newer(doc) or ARGV[1] ~= 'worker' or not later(doc) then return newer(doc) end
    return (type(doc.assignment) == 'table' or decode(new).actorId) and later(doc)
  end
  local name = carrier(doc, kind)
  if not name then return end
  local acted = kind == 'actor' and {'status', 'ateomPodNamespace', 'ateomPodName', 'ateomPodIp', 'ateomPodUid', 'workerPoolName'}
    or {'actorNamespace', 'actorTemplate', 'actorId', 'actorAtespace', 'assignment', 'state'}
  acted = set(acted)
  local was, is = {}, {}
  members(stored, function(n, _, value) if acted[n] then was[n] = value end end)
  members(new, function(n, _, value) if acted[n] then is[n] = value end end)
  for n in pairs(acted) do
    if was[n] ~= is[n] then return name end
  end
end

-- Nor does a worker need to be decoded that is, byte by byte, the one the caller read.
if stored ~= ARGV[5] or stored == '' then
  local doc = decode(stored)
  if not doc then return -3 end
  if version(doc, stored) ~= ARGV[2] then return -1 end
  if ARGV[4] == '' and (newer(doc) ~= nil) ~= (string.sub(ARGV[1], 1, 5) == 'newer') then return -2 end
  local name = refused(doc)
  if name then return {-4, name} end
  local fixed, known = layout(ARGV[1])
  local given = not ARGV[6] and decode(new)
  for i = 1, #fixed do
    if member(doc, fixed[i], '') ~= (given and member(given, fixed[i], '') or ARGV[5 + i]) then return -2 end
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
if ARGV[1] ~= 'actor' and ARGV[1] ~= 'newer actor' then tell(1, new) end
return new == ARGV[3] and 1 or 2
