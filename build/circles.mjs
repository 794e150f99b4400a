/**
 * Groups of modules that import each other in a circle (strongly connected components, by Tarjan), of the inputs that esbuild
 * tells of. CommonJS runs when it is asked for, whatever order it is written in, so it makes no circle here.
 */
export function circles(inputs) {
  const importsOf = (path) =>
    inputs[path].imports
      .filter(({ kind, path: target }) => kind === 'import-statement' && inputs[target]?.format === 'esm')
      .map((imported) => imported.path)
  const order = new Map()
  const lowest = new Map()
  const open = []
  const found = []
  const visit = (path) => {
    order.set(path, order.size)
    lowest.set(path, order.get(path))
    open.push(path)
    for (const target of importsOf(path)) {
      if (!order.has(target)) visit(target)
      if (open.includes(target)) lowest.set(path, Math.min(lowest.get(path), lowest.get(target)))
    }
    if (lowest.get(path) !== order.get(path)) return
    const group = open.splice(open.indexOf(path))
    if (group.length > 1) found.push(group)
  }
  for (const [path, { format }] of Object.entries(inputs))
    if (format === 'esm' && !order.has(path)) visit(path)
  return found
}
