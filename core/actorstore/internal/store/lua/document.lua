-- What the scripts know of stored documents. It is put in front of update.lua and delete.lua and uses no key itself;
-- rule(), the lists of internal/rule, stands in front of it.
--
-- cjson only judges here and never writes: it would turn 64-bit integers into doubles and empty arrays into objects.
-- Everything is made in functions, so that a script which needs none of it pays for none of it.

local function set(names)
  local all = {}
  for i = 1, #names do all[names[i]] = 1 end
  return all
end

-- A kind's immutable members, in the order of their values in ARGV, and all members that its writer knows.
local function layout(kind)
  if kind == 'actor' then
    return {'actorId', 'actorTemplateNamespace', 'actorTemplateName'},
      {actorId = 1, version = 1, actorTemplateNamespace = 1, actorTemplateName = 1, status = 1,
        ateomPodNamespace = 1, ateomPodName = 1, ateomPodIp = 1, inProgressSnapshot = 1, lastSnapshot = 1,
        ateomPodUid = 1, latestSnapshotInfo = 1, workerSelector = 1, workerPoolName = 1, atespace = 1}
  elseif kind == 'worker' then
    return {'workerNamespace', 'workerPool', 'workerPod', 'ip'},
      {workerNamespace = 1, workerPool = 1, workerPod = 1, actorNamespace = 1, actorTemplate = 1,
        actorId = 1, ip = 1, version = 1, workerPodUid = 1, nodeName = 1, actorAtespace = 1}
  elseif kind == 'later worker' then
    return {'workerNamespace', 'workerPool', 'workerPod', 'ip'},
      {workerNamespace = 1, workerPool = 1, workerPod = 1, assignment = 1, ip = 1, version = 1,
        workerPodUid = 1, nodeName = 1}
  elseif kind == 'newer actor' then
    return {'actorId', 'metadata.name', 'metadata.atespace', 'metadata.uid', 'actorTemplateNamespace', 'actorTemplateName',
      'actorTemplate.atespace', 'actorTemplate.name'}
  end
  return {'metadata.name', 'metadata.uid', 'workerNamespace', 'workerPool', 'workerPod', 'ip'} -- a newer worker
end

-- The text with U+FFFD for each escape of a lone surrogate, which cjson refuses and other readers take.
local function paired(text)
  local out, at = {}, 1
  while true do
    local slash = string.find(text, '\\', at, true)
    if not slash then break end
    local unit = tonumber(string.match(text, '^u(%x%x%x%x)', slash + 1) or '0', 16)
    local last, escape = slash + 1, string.sub(text, slash, slash + 1)
    if unit >= 0xd800 and unit < 0xdc00 and string.find(text, '^\\u[dD][c-fC-F]', slash + 6) then
      last, escape = slash + 11, string.sub(text, slash, slash + 11)
    elseif unit >= 0xd800 and unit < 0xe000 then
      last, escape = slash + 5, '\\ufffd'
    end
    out[#out + 1] = string.sub(text, at, slash - 1) .. escape
    at = last + 1
  end
  return table.concat(out) .. string.sub(text, at)
end

local function parse(text)
  local ok, value = pcall(cjson.decode, text)
  if not ok then ok, value = pcall(cjson.decode, paired(text)) end
  return ok and value
end

-- The members of a text that is a JSON object, or nil when it is none.
local function decode(text)
  local doc = parse(text)
  if type(doc) == 'table' and string.find(text, '^%s*{') then return doc end
end

-- A member's value, or by 'outer.inner' that of a member of an object; absent and null, which protojson reads alike, are
-- the given zero.
local function member(doc, name, zero)
  local outer, inner = string.match(name, '^(%a+)%.(%a+)$')
  if outer then
    doc, name = type(doc[outer]) == 'table' and doc[outer] or {}, inner
  end
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
    fn(parse('[' .. string.sub(text, from, quote) .. ']')[1], string.sub(text, from, last), string.sub(text, value, last))
    at = last + 1
  end
end

-- The version in decimal, as it may stand in quotes or bare. A bare one that a double cannot hold is read as text. In a
-- document with metadata it is that of its metadata; one that has none there nor beside it has no version.
local function version(doc, text)
  local v = member(doc, 'version', '0')
  if type(doc.metadata) == 'table' then
    local own = member(doc.metadata, 'version', nil)
    if own ~= nil then
      members(text, function(name, _, value) if name == 'metadata' then text = value end end)
      v, doc = own, doc.metadata
    elseif doc.version == nil then
      return ''
    end
  end
  if type(v) ~= 'number' then return v end
  if v > -2^53 and v < 2^53 then
    return v == math.floor(v) and string.format('%.0f', v) or ''
  end
  members(text, function(name, _, value) if name == 'version' then v = value end end)
  return v
end

-- The member that makes a document one of the newer layout, which is only edited by hand.
local function newer(doc)
  if type(doc.metadata) == 'table' then return 'metadata' end
  if type(doc.status) == 'table' then return 'status' end
  if type(doc.actorTemplate) == 'table' then return 'actorTemplate' end
end

-- The member that makes a worker's document a later one, in which an assignment is an object.
local function later(doc)
  for _, name in ipairs{'assignment', 'state', 'sandboxClass', 'labels'} do
    if member(doc, name, nil) ~= nil then return name end
  end
end

-- A member that nobody here reads and that could carry an assignment or a state, the first of them by name; the rule is that of
-- internal/rule.
local function carrier(doc, kind)
  local _, known = layout(kind)
  for _, name in ipairs{'metadata', 'assignment'} do
    if type(doc[name]) == 'table' then known[name] = 1 end
  end
  if kind == 'worker' then known.state = 1 end
  local words, ends, harmless = rule()
  harmless = set(harmless)
  local function speaks(name)
    name = string.lower(name)
    for _, word in ipairs(words) do
      if string.find(name, word, 1, true) then return true end
    end
  end
  local function names(name)
    local low = string.lower(name)
    if low == 'name' or low == 'id' or low == 'uid' or low == 'ref' then return true end
    for _, ending in ipairs(ends) do
      if string.sub(name, -#ending) == ending then return true end
    end
  end
  local function tells(value)
    if type(value) ~= 'table' then return end
    for name, inner in pairs(value) do
      if type(name) == 'string' and inner ~= cjson.null and (speaks(name) or names(name)) or tells(inner) then return true end
    end
  end
  local found
  for name, value in pairs(doc) do
    if not known[name] and not harmless[name] and value ~= cjson.null and (not found or name < found) then
      if speaks(name) or type(value) == 'table' and value[1] == nil and tells(value) then
        found = name
      elseif type(value) == 'table' then
        for _, inner in ipairs(value) do
          if type(inner) == 'table' and inner[1] == nil and tells(inner) then found = name end
        end
      end
    end
  end
  return found
end
