// A chime and a voice, where the set has them. What fails is passed over: the picture is what counts.

const TIMES = 3;
const CHIME = 2.2;

interface OldWindow {
  webkitAudioContext?: typeof AudioContext;
}

export class Sound {
  private context: AudioContext | null = null;
  private timer = 0;

  /** Chimes three times, then reads three times. What was begun before ends. */
  play(speech: string): void {
    this.stop();
    this.chime();
    this.timer = window.setTimeout(() => this.speak(speech), TIMES * CHIME * 1000);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    try {
      if (this.context !== null) {
        this.context.close();
      }
    } catch (_old) {
      // It ends by itself.
    }
    this.context = null;
    try {
      window.speechSynthesis.cancel();
    } catch (_none) {
      // There is no voice.
    }
  }

  private chime(): void {
    try {
      const Context = window.AudioContext || (window as OldWindow).webkitAudioContext;
      const context = new Context();
      this.context = context;
      const ignore = (): void => undefined;
      const resumed = context.state === "suspended" && context.resume ? context.resume() : null;
      if (resumed !== null && resumed.then) {
        resumed.then(ignore, ignore);
      }
      for (let i = 0; i < TIMES; i += 1) {
        // Three falling tones: unlike the signals of earthquake early warnings and of sirens.
        tone(context, 988, i * CHIME, 0.5);
        tone(context, 784, i * CHIME + 0.45, 0.5);
        tone(context, 659, i * CHIME + 0.9, 1);
      }
    } catch (_none) {
      // There is no sound.
    }
  }

  private speak(speech: string): void {
    try {
      for (let i = 0; i < TIMES && speech !== ""; i += 1) {
        const said = new SpeechSynthesisUtterance(speech);
        said.lang = "ja-JP";
        said.rate = 0.9;
        window.speechSynthesis.speak(said);
      }
    } catch (_none) {
      // There is no voice.
    }
  }
}

function tone(context: AudioContext, pitch: number, after: number, length: number): void {
  const begin = context.currentTime + 0.05 + after;
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  oscillator.frequency.value = pitch;
  gain.gain.setValueAtTime(0.0001, begin);
  gain.gain.exponentialRampToValueAtTime(0.5, begin + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, begin + length);
  oscillator.connect(gain);
  gain.connect(context.destination);
  oscillator.start(begin);
  oscillator.stop(begin + length);
}
