/**
 * A board as Grafana would show it, drawn with Grafana's own components: frames around panels, charts, tables, tiles and
 * bars are theirs; map, rows of boxes and clouds are drawn after them (`imitations.jsx`). The data is in `window.shown`.
 */

import {
  createTheme,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
} from '@grafana/data'
import { initPluginTranslations } from '@grafana/i18n'
import { GlobalStyles, PanelChrome } from '@grafana/ui'
import '@fontsource/inter/400.css'
import '@fontsource/inter/500.css'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { prepared } from './data.jsx'
import { drawing } from './drawings.jsx'

const gap = 8
const rowHeight = 30

/** Some stand in the list under two names. */
const transformers = new Map(Object.values(standardTransformers).map((info) => [info.id, info]))

standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((info) => ({
    id: info.id,
    name: info.name,
    transformation: async () => info,
    editor: () => null,
  })),
)

function placesOf(board, width) {
  const phone = width < 768
  const column = (width - gap) / 24
  let below = 0
  return board.panels.map(({ panel: { gridPos: at } }) => {
    const height = at.h * (rowHeight + gap) - gap
    if (!phone) {
      return {
        left: gap + at.x * column,
        top: at.y * (rowHeight + gap),
        width: at.w * column - gap,
        height,
      }
    }
    const top = below
    below += height + gap
    return { left: gap, top, width: width - 2 * gap, height }
  })
}

function Panel({ item, place, theme }) {
  const [data, setData] = useState(null)
  useEffect(() => {
    prepared(item, theme).then(setData, console.error)
  }, [item, theme])
  const { panel } = item
  return (
    <div
      style={{ position: 'absolute', ...place }}
      data-panel={panel.title}
      data-ready={data !== null}
    >
      <PanelChrome
        title={item.title}
        description={panel.description}
        width={place.width}
        height={place.height}
        titleItems={
          panel.timeFrom === undefined || panel.hideTimeOverride
            ? undefined
            : [
                <span key="window" style={{ fontSize: 12, opacity: 0.7, padding: 6 }}>
                  Last {panel.timeFrom}
                </span>,
              ]
        }
      >
        {(width, height) => (data === null ? null : drawing({ item, data, width, height, theme }))}
      </PanelChrome>
    </div>
  )
}

function Board({ shown, theme }) {
  const places = placesOf(shown, shown.width)
  const head = 84
  const height = Math.max(...places.map(({ top, height: own }) => top + own)) + head + gap
  return (
    <div
      id="board"
      style={{
        position: 'relative',
        width: shown.width,
        height,
        background: theme.colors.background.canvas,
        overflow: 'hidden',
      }}
    >
      <div
        style={{
          padding: '10px 12px',
          height: head,
          fontSize: 13,
          color: theme.colors.text.secondary,
          overflow: 'hidden',
        }}
      >
        <div style={{ fontSize: 16, color: theme.colors.text.primary, marginBottom: 8 }}>
          {shown.title}
        </div>
        {shown.variables.map(({ label, text }) => (
          <span key={label} style={{ marginRight: 12, whiteSpace: 'nowrap' }}>
            {label}{' '}
            <b
              style={{
                border: `1px solid ${theme.colors.border.medium}`,
                padding: '3px 8px',
                borderRadius: 2,
              }}
            >
              {text}
            </b>
          </span>
        ))}
        {shown.links.map((link) => (
          <span
            key={link}
            style={{ marginRight: 10, whiteSpace: 'nowrap', color: theme.colors.text.link }}
          >
            {link}
          </span>
        ))}
      </div>
      <div style={{ position: 'relative' }}>
        {shown.panels.map((item, i) => (
          <Panel
            key={`${item.panel.id} ${item.title}`}
            item={item}
            place={places[i]}
            theme={theme}
          />
        ))}
      </div>
    </div>
  )
}

async function show() {
  await Promise.all(['400 12px Inter', '500 14px Inter'].map((font) => document.fonts.load(font)))
  await initPluginTranslations('preview')
  const theme = createTheme({ colors: { mode: 'dark' } })
  document.body.style.margin = '0'
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Board shown={window.shown} theme={theme} />
    </ThemeContext.Provider>,
  )
}

show().catch(console.error)
