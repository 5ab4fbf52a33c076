/**
 * The provider's older JavaScript SDK at work against a sandbox: prints what it saw, as JSON, for tests/test_sdk.py.
 *
 *     node javascript_legacy.mjs http://127.0.0.1:8000 KEY FOLDER-WITH-MEDIA
 */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Runware } from "@runware/sdk-js";

const [BASE, KEY, MEDIA] = process.argv.slice(2);
const MIME = { ".png": "image/png", ".mp4": "video/mp4", ".wav": "audio/wav" };

/** Milliseconds for which the SDK waits for an answer, where one is lost on purpose. */
const IMPATIENT = 4000;

const client = (more = {}) =>
  new Runware({ apiKey: KEY, url: `ws${BASE.slice("http".length)}/v1`, heartbeatInterval: 10_000, ...more });

const task = (prompt, more = {}) => ({
  model: "skywork:skyreels@v4",
  positivePrompt: prompt,
  ...("resolution" in more ? {} : { width: 848, height: 480 }),
  duration: 3,
  numberResults: 1,
  includeCost: true,
  ...more,
});

/** What a call gave, or how it failed: with the provider's error, or with a word of the SDK's own. */
async function told(call) {
  try {
    return { gave: await call() };
  } catch (error) {
    return { error: error?.error ?? { message: String(error?.message ?? error) } };
  }
}

async function videos(runware, prompt, more) {
  const seen = await told(() => runware.videoInference(task(prompt, more)));
  return { ...seen, task: (seen.gave?.[0] ?? seen.error)?.taskUUID };
}

/** Over a connection of its own, since something happens to that. */
async function alone(prompt, more, settings) {
  const runware = client(settings);
  const seen = await videos(runware, prompt, more);
  await runware.disconnect();
  return seen;
}

const data = (name) => `data:${MIME[extname(name)]};base64,${readFileSync(join(MEDIA, name)).toString("base64")}`;
const stored = (runware, name) => runware.mediaStorage({ operation: "upload", media: data(name) });

/** Upload one of each kind, and make clips with them. */
async function media(runware) {
  const picture = await runware.imageUpload({ image: data("picture.png") });
  const clip = await stored(runware, "clip.mp4");
  const voice = await stored(runware, "voice.wav");
  const cast = { type: "image", tag: "@keeper", images: [picture.imageUUID], audio: voice.mediaUUID };
  const film = { type: "extend", tag: "@film", video: clip.mediaUUID };
  const [pictured, spoken, extended] = await Promise.all([
    videos(runware, "from a picture", { inputs: { frameImages: [picture.imageUUID] } }),
    videos(runware, "@keeper speaks", { inputs: { referenceImages: [cast] } }),
    videos(runware, "@film goes on", { resolution: "480p", inputs: { referenceVideos: [film] } }),
  ]);
  return {
    "media: a picture": pictured,
    "media: a voice": spoken,
    "media: a clip": extended,
    "media: uploaded": { picture, clip, voice },
    "media: not one": await told(() => runware.mediaStorage({ media: "nothing of the kind" })),
  };
}

/** The same UUID once more, when its task is long finished. */
async function twice(runware) {
  const taskUUID = randomUUID();
  const first = await videos(runware, "sent twice", { taskUUID });
  return { "sent twice": first, "sent twice: again": await videos(runware, "sent twice", { taskUUID }) };
}

/** The acknowledgement is lost: of a task that the SDK names, once and every time, and of one that the caller names. */
async function lost() {
  const settings = { timeoutDuration: IMPATIENT };
  const [once, always, named] = await Promise.all([
    alone("lost acknowledgement", {}, settings),
    alone("never acknowledged", {}, settings),
    alone("named by its caller", { taskUUID: randomUUID() }, settings),
  ]);
  return { "lost acknowledgement": once, "never acknowledged": always, "named by its caller": named };
}

/** A key that is not right. */
async function stranger() {
  const runware = client({ apiKey: "a-wrong-key" });
  const seen = await told(() => runware.ensureConnection());
  await runware.disconnect();
  return { "a wrong key": seen };
}

/** The heartbeat and its answer, of which the SDK tells only its log. */
async function pinged() {
  const runware = client();
  const pong = new Promise((resolve) => (runware._logger.heartbeatPongReceived = resolve));
  await runware.ensureConnection();
  await Promise.race([pong, sleep(30_000, undefined, { ref: false }).then(() => Promise.reject(new Error("no pong")))]);
  const connected = runware.connected();
  await runware.disconnect();
  return { "a ping": { connected } };
}

/** What a task would cost; nothing is made that could be polled for. */
async function dry() {
  const runware = client({ dryRun: true });
  const seen = await told(() => runware.videoInference(task("a dry run", { skipResponse: true, numberResults: 2 })));
  const refused = await told(() =>
    runware.videoInference(task("a dry run", { skipResponse: true, width: 1000, height: 1000 })),
  );
  await runware.disconnect();
  return { "a dry run": seen, "a dry run: refused": refused };
}

/** What goes well, and what is simply refused or fails. */
async function plain(runware) {
  const wanted = {
    "one by one": { numberResults: 2 },
    "one take": {},
    "two takes": { numberResults: 2 },
    "comes to nothing": {},
    "half of it": { numberResults: 2 },
    "of no such size": { width: 1000, height: 1000 },
  };
  const names = Object.keys(wanted);
  const seen = await Promise.all(names.map((name) => videos(runware, name, wanted[name])));
  return Object.fromEntries(names.map((name, number) => [name, seen[number]]));
}

const cut = async () => ({ "cut while waiting": await alone("cut while waiting", {}, { timeoutDuration: IMPATIENT }) });
const full = async () => ({ "full queue": await alone("full queue") });

const runware = client();
const parts = await Promise.all([
  plain(runware), media(runware), twice(runware), lost(), cut(), full(), stranger(), pinged(), dry(),
]); // prettier-ignore
await runware.disconnect();
process.stdout.write(JSON.stringify(Object.assign({}, ...parts)), () => process.exit());
