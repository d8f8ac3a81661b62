-- What the scripts know of stored documents. It is put in front of update.lua and delete.lua and uses no key itself.
--
-- cjson only judges here and never writes: it would turn 64-bit integers into doubles and empty arrays into objects.

-- A kind's immutable members, in the order of their values in ARGV, and all members that its writer knows.
local function layout(kind)
  if kind == 'actor' then
    return {'actorId', 'actorTemplateNamespace', 'actorTemplateName'},
      {actorId = 1, version = 1, actorTemplateNamespace = 1, actorTemplateName = 1, status = 1,
        ateomPodNamespace = 1, ateomPodName = 1, ateomPodIp = 1, inProgressSnapshot = 1, lastSnapshot = 1,
        ateomPodUid = 1, latestSnapshotInfo = 1, workerSelector = 1, workerPoolName = 1, atespace = 1}
  end
  return {'workerNamespace', 'workerPool', 'workerPod', 'ip'},
    {workerNamespace = 1, workerPool = 1, workerPod = 1, actorNamespace = 1, actorTemplate = 1,
      actorId = 1, ip = 1, version = 1, workerPodUid = 1, nodeName = 1, actorAtespace = 1}
end

-- The members of a text that is a JSON object, or nil when it is none.
local function decode(text)
  local ok, doc = pcall(cjson.decode, text)
  if ok and type(doc) == 'table' and string.find(text, '^%s*{') then return doc end
end

-- A member's value; absent and null, which protojson reads alike, are the given zero.
local function member(doc, name, zero)
  local value = doc[name]
  if value == nil or value == cjson.null then return zero end
  return value
end

-- The position of the quote that ends the string whose first quote is at from.
local function past(text, from)
  local at = string.find(text, '["\\]', from + 1)
  while string.byte(text, at) == 92 do at = string.find(text, '["\\]', at + 2) end
  return at
end

-- Calls fn(name, member's text, value's text) for each top-level member of a text that decode accepted.
local function members(text, fn)
  local at = string.find(text, '{', 1, true) + 1
  while true do
    local from = string.find(text, '[^%s,]', at)
    if string.byte(text, from) == 125 then return end
    local quote = past(text, from)
    local value = string.find(text, '[^%s:]', quote + 1)
    local c = string.byte(text, value)
    local last = value
    if c == 34 then
      last = past(text, value)
    elseif c == 123 or c == 91 then
      local depth = 0
      repeat
        c = string.byte(text, last)
        if c == 34 then last = past(text, last)
        elseif c == 123 or c == 91 then depth = depth + 1
        else depth = depth - 1 end
        if depth > 0 then last = string.find(text, '["{}%[%]]', last + 1) end
      until depth == 0
    else
      last = string.find(text, '[%s,}]', value) - 1
    end
    fn(cjson.decode('[' .. string.sub(text, from, quote) .. ']')[1], string.sub(text, from, last), string.sub(text, value, last))
    at = last + 1
  end
end

-- The version in decimal, as it may stand in quotes or bare. A bare one that a double cannot hold is read as text.
local function version(doc, text)
  local v = member(doc, 'version', '0')
  if type(v) ~= 'number' then return v end
  if v > -2^53 and v < 2^53 then
    return v == math.floor(v) and string.format('%.0f', v) or ''
  end
  members(text, function(name, _, value) if name == 'version' then v = value end end)
  return v
end
