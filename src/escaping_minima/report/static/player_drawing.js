/* The pictures of the player: landscapes as shaded bands, curves, markers. Knows no controls. */
const emPlayer = (() => {
  "use strict";
  const BANDS = 14;
  /* points of a path that are drawn strongly, and how strongly the others are */
  const STRONG = 24;
  const PALE = 0.4;
  /* markers by the names of matplotlib, as outlines within a square from -1 to 1 */
  const ring = "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z";
  const MARKERS = {
    "o": ring,
    ".": "M-.5,0A.5,.5,0,1,1,.5,0A.5,.5,0,1,1,-.5,0Z",
    "s": "M-.9,-.9H.9V.9H-.9Z",
    "^": "M0,-1L1,.9H-1Z",
    "v": "M0,1L1,-.9H-1Z",
    "<": "M-1,0L.9,-1V1Z",
    ">": "M1,0L-.9,-1V1Z",
    "D": "M0,-1.1L1.1,0L0,1.1L-1.1,0Z",
    "d": "M0,-1.15L.7,0L0,1.15L-.7,0Z",
    "p": polygon(5, 1.1, 1.1),
    "h": polygon(6, 1.1, 1.1),
    "H": polygon(6, 1.1, 1.1, Math.PI / 6),
    "8": polygon(8, 1.1, 1.1, Math.PI / 8),
    "*": polygon(10, 1.3, 0.55),
    "P": "M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
    "X": "M-1.1,-.55L-.55,-1.1L0,-.55L.55,-1.1L1.1,-.55L.55,0L1.1,.55L.55,1.1L0,.55L-.55,1.1L-1.1,.55L-.55,0Z",
    "+": "M-.18,-1.1H.18V-.18H1.1V.18H.18V1.1H-.18V.18H-1.1V-.18H-.18Z",
    "x": "M-1,-.75L-.75,-1L0,-.25L.75,-1L1,-.75L.25,0L1,.75L.75,1L0,.25L-.75,1L-1,.75L-.25,0Z",
    "|": "M-.2,-1.1H.2V1.1H-.2Z",
    "_": "M-1.1,-.2H1.1V.2H-1.1Z",
    "1": "M-.18,-.1L-1,-.7L-.8,-1L0,-.4L.8,-1L1,-.7L.18,-.1V1.1H-.18Z",
    "2": "M-.18,.1L-1,.7L-.8,1L0,.4L.8,1L1,.7L.18,.1V-1.1H-.18Z",
    "3": "M-.1,-.18L.7,-1L1,-.8L.4,0L1,.8L.7,1L-.1,.18H-1.1V-.18Z",
    "4": "M.1,-.18L-.7,-1L-1,-.8L-.4,0L-1,.8L-.7,1L.1,.18H1.1V-.18Z",
  };

  function polygon(corners, even, odd, turn = 0) {
    const points = [];
    for (let i = 0; i < corners; i += 1) {
      const angle = turn - Math.PI / 2 + (2 * Math.PI * i) / corners;
      const radius = i % 2 ? odd : even;
      points.push(`${(radius * Math.cos(angle)).toFixed(3)},${(radius * Math.sin(angle)).toFixed(3)}`);
    }
    return `M${points.join("L")}Z`;
  }

  /* What a method's marker looks like; an unknown one is a circle. */
  function markerPath(name) {
    return MARKERS[name] || ring;
  }

  function rgb(colour) {
    const text = colour.trim();
    if (text.startsWith("#")) {
      const digits = text.length === 4 ? [...text.slice(1)].map((d) => d + d).join("") : text.slice(1);
      return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
    }
    return text.match(/[\d.]+/g).slice(0, 3).map(Number);
  }

  function luminance(parts) {
    const [r, g, b] = parts.map((v) => {
      const share = v / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /* A colour as it is on light ground; on dark ground lightened until it stands out (contrast 5). */
  function readable(colour, ground) {
    let parts = rgb(colour);
    const below = luminance(rgb(ground));
    if (below > 0.3) return colour;
    for (let i = 0; i < 20 && (luminance(parts) + 0.05) / (below + 0.05) < 5; i += 1) {
      parts = parts.map((v) => v + (255 - v) * 0.12);
    }
    return `rgb(${parts.map(Math.round).join(",")})`;
  }

  /* The shades of a grid as numbers from 0 to 1. */
  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const shades = new Float32Array(bytes.length / 2);
    for (let i = 0; i < shades.length; i += 1) {
      shades[i] = (bytes[2 * i] + 256 * bytes[2 * i + 1]) / 65535;
    }
    return shades;
  }

  /* A landscape as an image of width x height: bands of one shade, dark lines between them. */
  function bands(problem, width, height, look) {
    const [rows, columns] = problem.shape;
    const shades = problem.unpacked || (problem.unpacked = unpack(problem.shades));
    const band = new Uint8Array(width * height);
    for (let j = 0; j < height; j += 1) {
      const v = (1 - (j + 0.5) / height) * (rows - 1);
      const row = Math.min(Math.floor(v), rows - 2);
      const up = v - row;
      for (let i = 0; i < width; i += 1) {
        const u = ((i + 0.5) / width) * (columns - 1);
        const column = Math.min(Math.floor(u), columns - 2);
        const right = u - column;
        const at = row * columns + column;
        const low = shades[at] * (1 - right) + shades[at + 1] * right;
        const high = shades[at + columns] * (1 - right) + shades[at + columns + 1] * right;
        band[j * width + i] = Math.min(BANDS - 1, Math.floor((low * (1 - up) + high * up) * BANDS));
      }
    }
    const image = new ImageData(width, height);
    const [low, high, line] = [look.low, look.high, look.line].map(rgb);
    for (let p = 0; p < band.length; p += 1) {
      const edge = (p % width && band[p] !== band[p - 1]) || (p >= width && band[p] !== band[p - width]);
      const share = band[p] / (BANDS - 1);
      for (let c = 0; c < 3; c += 1) {
        image.data[4 * p + c] = edge ? line[c] : low[c] + (high[c] - low[c]) * share;
      }
      image.data[4 * p + 3] = 255;
    }
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  /* Numbers at which an axis is marked. */
  function ticks(low, high, wanted) {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k += 1) {
      found.push(Number((k * step).toPrecision(6)));
    }
    return found;
  }

  /* A marker on a canvas, with a rim of the ground's colour so that it stands out on any other. */
  function drawMarker(pen, name, x, y, size, fill, rim) {
    pen.save();
    pen.translate(x, y);
    pen.scale(size, size);
    const shape = new Path2D(markerPath(name));
    pen.lineWidth = 3.2 / size;
    pen.lineJoin = "round";
    pen.strokeStyle = rim;
    pen.stroke(shape);
    pen.fillStyle = fill;
    pen.fill(shape);
    pen.restore();
  }

  /* A path on a canvas: where it came from pale, its last points strong and with a rim. What is
     longer than a leap is left out, and where one lands alone there is a dot. */
  function drawTrail(pen, points, colour, rim, wide, leap = Infinity) {
    pen.save();
    pen.globalAlpha = PALE;
    drawPieces(pen, points.slice(0, 1 - STRONG), colour, "transparent", wide, leap);
    pen.restore();
    drawPieces(pen, points.slice(-STRONG), colour, rim, wide, leap);
  }

  function drawPieces(pen, points, colour, rim, wide, leap) {
    let piece = [];
    points.forEach((point, i) => {
      const before = points[i - 1];
      if (before && Math.hypot(point[0] - before[0], point[1] - before[1]) > leap) {
        drawPiece(pen, piece, colour, rim, wide);
        piece = [];
      }
      piece.push(point);
    });
    drawPiece(pen, piece, colour, rim, wide);
  }

  function drawPiece(pen, piece, colour, rim, wide) {
    if (piece.length === 1) drawMarker(pen, "o", ...piece[0], 0.9 + 0.5 * wide, colour, rim);
    else drawLine(pen, piece, colour, rim, wide);
  }

  /* A line on a canvas through points, twice: a rim below, the colour above. */
  function drawLine(pen, points, colour, rim, wide = 1.7) {
    if (points.length < 2) return;
    pen.lineJoin = "round";
    pen.lineCap = "round";
    for (const [style, width] of [[rim, wide + 1.6], [colour, wide]]) {
      pen.beginPath();
      points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.stroke();
    }
  }

  return { MARKERS, bands, drawLine, drawMarker, drawTrail, markerPath, readable, ticks };
})();
