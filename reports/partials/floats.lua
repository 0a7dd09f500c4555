-- Figures, tables and the references to them, in the shapes of HTML that Quarto gives them.
-- Used by the embedded renderer only (pipelines/publish/embedded.py). Problems go to stderr, one a line.

local NAMES = { fig = "Figure", tbl = "Table" } -- the same word in French and in English
local CAPTION_ID = "-caption-0ceaefa1-69ba-4598-a22c-09a6ac19f8ca" -- Quarto's own suffix, the same on every page
local NBSP = "\u{a0}"

local counts = { fig = 0, tbl = 0 }
local numbers = {}
local problems = {}
local delimiter = ":"

local function kind_of(id)
  local kind = id:match("^(%a+)%-")
  return NAMES[kind] and kind or nil
end

local function number(id)
  local kind = kind_of(id)
  if numbers[id] then
    table.insert(problems, "problem: the label " .. id .. " is used twice")
  end
  counts[kind] = counts[kind] + 1
  numbers[id] = NAMES[kind] .. NBSP .. counts[kind]
  return numbers[id]
end

local function html(text)
  return pandoc.RawInline("html", text)
end

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub('"', "&quot;"):gsub("<", "&lt;"))
end

-- The alternative text of a float goes to its images; raw HTML gets a box that carries it.
local function with_alternative(content, alt)
  local images = 0
  content = content:walk({
    Image = function(image)
      images = images + 1
      image.attributes["alt"] = alt
      image.attributes["fig-alt"] = nil
      return image
    end,
  })
  return content, images == 0 and (' role="img" aria-label="' .. escaped(alt) .. '"') or ""
end

local function float(id, content, caption, alt)
  local kind = kind_of(id)
  local caption_id = id .. CAPTION_ID
  local extra = ""
  if alt then
    content, extra = with_alternative(content, alt)
  end
  local side = kind == "tbl" and "top" or "bottom"
  local title = pandoc.Inlines({
    html('<figcaption class="quarto-float-caption-' .. side .. " quarto-float-caption quarto-float-" .. kind
      .. '" id="' .. caption_id .. '">'),
    pandoc.Str(number(id) .. delimiter),
    pandoc.Space(),
  })
  title:extend(caption)
  title:insert(html("</figcaption>"))
  local body = pandoc.Blocks({ pandoc.RawBlock("html", '<div aria-describedby="' .. caption_id .. '"' .. extra .. ">") })
  body:extend(content)
  body:insert(pandoc.RawBlock("html", "</div>"))
  body:insert(kind == "tbl" and 1 or #body + 1, pandoc.Plain(title))
  body:insert(1, pandoc.RawBlock("html", '<figure class="quarto-float quarto-float-' .. kind .. ' figure">'))
  body:insert(pandoc.RawBlock("html", "</figure>"))
  return pandoc.Div(body, pandoc.Attr(id, { "quarto-float", "quarto-figure", "quarto-figure-center" }))
end

-- Returning false as second value keeps the walk out of the float: its own parts are not numbered again.
local floats = {
  traverse = "topdown",
  Div = function(div)
    if not kind_of(div.identifier) then
      return nil
    end
    local last = div.content[#div.content]
    if #div.content < 2 or not (last.t == "Para" or last.t == "Plain") then
      table.insert(problems, "problem: " .. div.identifier .. " needs a caption: a last paragraph in its block")
      return nil
    end
    div.content:remove()
    return float(div.identifier, div.content, last.content, div.attributes["fig-alt"]), false
  end,
  Figure = function(figure)
    if not kind_of(figure.identifier) then
      return nil
    end
    local alt
    figure.content:walk({ Image = function(image) alt = image.attributes["fig-alt"] or image.attributes["alt"] end })
    return float(figure.identifier, figure.content, pandoc.utils.blocks_to_inlines(figure.caption.long), alt), false
  end,
  Table = function(found)
    local id = found.attr.identifier
    if not kind_of(id) then
      return nil
    end
    local caption = pandoc.utils.blocks_to_inlines(found.caption.long)
    found.attr = pandoc.Attr("", found.attr.classes, found.attr.attributes)
    found.caption = { long = {} }
    return float(id, pandoc.Blocks({ found }), caption), false
  end,
}

local references = {
  Cite = function(cite)
    local id = cite.citations[1].id
    if numbers[id] then
      return pandoc.Link(numbers[id], "#" .. id, "", pandoc.Attr("", { "quarto-xref" }))
    end
    table.insert(problems, "unresolved reference " .. id)
  end,
}

function Pandoc(doc)
  local crossref = doc.meta["crossref"]
  if crossref and crossref["title-delim"] then
    delimiter = pandoc.utils.stringify(crossref["title-delim"])
  end
  doc = doc:walk(floats):walk(references)
  if #problems > 0 then
    error("\n" .. table.concat(problems, "\n") .. "\n")
  end
  return doc
end
