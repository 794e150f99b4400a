/** Markup whose texts are escaped. */
export type Html = { readonly markup: string; toString(): string }

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as markup that shows it. */
export function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}

function asHtml(markup: string): Html {
  return { markup, toString: () => markup }
}

/** Markup with texts in it: these are escaped, and markup stays what it is. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  const shown = values.map((value) => (typeof value === 'object' ? value.markup : text(String(value))))
  return asHtml(parts.reduce((before, part, index) => `${before}${shown[index - 1]}${part}`))
}

export function lines(...parts: readonly Html[]): Html {
  return asHtml(
    parts
      .map(({ markup }) => markup)
      .filter((markup) => markup !== '')
      .join('\n'),
  )
}

export function section(title: string, content: Html): Html {
  return html`<h2>${title}</h2>
${content}`
}

/** @param none what is said when there are no rows */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
  none = 'Nothing.',
): Html {
  if (rows.length === 0) return html`<p class="quiet">${none}</p>`
  const cells = (row: readonly (string | undefined)[]) =>
    lines(...row.map((cell = '') => html`<td>${cell}</td>`))
  return html`<table>
<thead><tr>${lines(...head.map((name) => html`<th>${name}</th>`))}</tr></thead>
<tbody>
${lines(...rows.map((row) => html`<tr>${cells(row)}</tr>`))}
</tbody>
</table>`
}

/** Names and values in two columns. */
export function list(facts: readonly (readonly [name: string, value: string])[]): Html {
  return html`<table class="facts">
${lines(...facts.map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`))}
</table>`
}
