// Makes whole lines of what comes in pieces: lines of several processes must not end up in each other. A last one that a
// killed worker did not finish is left out.
const LINE_END = 0x0a

/** @param onLines gets one or more lines, each with its end. @returns what takes the pieces. */
export function wholeLines(onLines: (lines: string) => void): (piece: Buffer) => void {
  let begun: Buffer[] = []
  return (piece) => {
    const end = piece.lastIndexOf(LINE_END) + 1
    if (end > 0) {
      onLines(Buffer.concat([...begun, piece.subarray(0, end)]).toString())
      begun = []
    }
    if (end < piece.length) begun.push(piece.subarray(end))
  }
}
