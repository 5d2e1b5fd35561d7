// Runs the tests of the page in Node: `npm test [name]`. Each *.test.ts is bundled, then run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv[2] ?? "";
const tests = readdirSync(here, { recursive: true })
  .map(String)
  .filter((path) => /\.test\.tsx?$/.test(path) && path.includes(wanted));
if (tests.length === 0) throw new Error(`no test is called ${wanted}`);

const folder = mkdtempSync(join(tmpdir(), "latent-ui-"));
try {
  await build({
    absWorkingDir: dirname(here),
    entryPoints: tests.map((path) => join(here, path)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "empty" },
    sourcemap: "inline",
    logLevel: "warning",
  });
  const bundled = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => basename(path).endsWith(".test.mjs"))
    .map((path) => join(folder, path));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...bundled], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
