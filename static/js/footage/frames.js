// Takes a player to exactly one frame, and knows which one it shows.

const SAME_S = 0.002; // told times are rounded to the millisecond
const TRIES = 4;
const FRAME_WITHIN_MS = 400;

export class Frames {
  // onFrame(media time) is called for every frame that comes on the screen.
  constructor(player, fps, onFrame = () => {}) {
    Object.assign(this, { player, onFrame, half: fps ? 0.5 / fps : SAME_S, shown: null, asked: null, turn: 0 });
    this.exact = "requestVideoFrameCallback" in player;
    if (this.exact) this.watch();
    for (const event of ["timeupdate", "seeked"]) player.addEventListener(event, () => this.exact || this.onFrame(player.currentTime));
    player.addEventListener("play", () => { this.asked = null; });
  }

  watch() {
    this.player.requestVideoFrameCallback((_, { mediaTime }) => {
      this.shown = mediaTime;
      this.whenShown?.();
      this.onFrame(mediaTime);
      this.watch();
    });
  }

  // How far from its told time a frame still is that frame.
  get within() {
    return this.exact ? SAME_S : this.half;
  }

  // Shows the frame with this time and resolves with the time of the frame that is shown, or with null where the browser
  // does not tell or somebody went elsewhere meanwhile. A time that is a frame's own may show the one before it, so the
  // middle of the frame is aimed at; where its length is not what the header says, what came is corrected by its distance.
  async show(seconds) {
    this.turn += 1;
    const { turn, player } = this;
    player.pause();
    let aim = seconds + this.half;
    for (let nth = 0; nth < TRIES; nth += 1) {
      await this.seek(Math.max(0, aim));
      if (turn !== this.turn) return null;
      this.asked = { seconds, at: player.currentTime };
      if (!this.exact || this.shown === null) return null;
      if (Math.abs(this.shown - seconds) <= SAME_S) return this.shown;
      aim += seconds - this.shown;
    }
    return this.shown;
  }

  // The time of the finding the player stands at, or its own.
  get now() {
    const { currentTime } = this.player;
    return this.asked && this.asked.at === currentTime ? this.asked.seconds : currentTime;
  }

  // Resolves when the frame is on the screen; a player that shows the frame already may not say so again.
  seek(seconds) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.whenShown = null;
        resolve();
      };
      const timer = setTimeout(done, FRAME_WITHIN_MS);
      const seeked = () => {
        if (this.exact) this.whenShown = done;
        else done();
      };
      this.player.addEventListener("seeked", seeked, { once: true });
      this.player.currentTime = seconds;
    });
  }
}
