-- Tells subscribers of worker-changes that a worker was created, updated or deleted, as upstream's writer does:
-- {"t":0, 1 or 2,"w":"the worker's document"}. A user who may not publish still writes: subscribers list the workers again
-- from time to time, and a user is given no channels unless somebody thought of it.
local function tell(change, doc)
  redis.pcall('PUBLISH', 'worker-changes', '{"t":' .. change .. ',"w":' .. cjson.encode(doc) .. '}')
end
