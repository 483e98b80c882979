//! The kiosk's command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use hinamori_kiosk::app::{App, Parts};
use hinamori_kiosk::frame_log::FrameLog;
use hinamori_kiosk::link::{Link, Urgency};
use hinamori_kiosk::sound::{Heard, Player};
use hinamori_kiosk::theme::{Look, REFERENCE_DPI, install_fonts, pixels_per_point};
use hinamori_kiosk::{SoundOutput, State};
use hinamori_model::LaneId;

/// The touch screen of one lane.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The daemon's socket.
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// The lane, counted from 1.
    #[arg(long, default_value_t = 1)]
    lane: u8,
    /// The panel's dots per inch: 20 mm stay 20 mm.
    #[arg(long, default_value_t = REFERENCE_DPI, value_parser = dpi)]
    dpi: f32,
    /// A window of this size in pixels instead of the whole screen.
    #[arg(long, value_name = "WxH", value_parser = window_size)]
    windowed: Option<(u16, u16)>,
    /// Appends when each answer came and when it was drawn, one JSON line each.
    #[arg(long, value_name = "FILE")]
    frame_log: Option<PathBuf>,
    /// The ALSA device, or off.
    #[arg(long, value_name = "ALSA_DEVICE|off", default_value = "default")]
    sound: String,
    /// The light in the hall: day, night or sunlight.
    #[arg(long, default_value = "day")]
    look: Look,
}

fn dpi(text: &str) -> Result<f32, String> {
    let dpi: f32 = text.parse().map_err(|_not_a_number| format!("expected a number, not {text:?}"))?;
    if (60.0..=600.0).contains(&dpi) { Ok(dpi) } else { Err("expected 60 to 600".to_owned()) }
}

fn window_size(text: &str) -> Result<(u16, u16), String> {
    let sizes =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sizes
        .filter(|(width, height)| *width >= 320 && *height >= 320)
        .ok_or_else(|| format!("expected WxH, not {text:?}"))
}

/// Who counts by the screen looks up less often.
const NUMBERS_AFTER: Duration = Duration::from_millis(500);

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_unset| "info".into()),
        )
        .init();
    let scale = pixels_per_point(options.dpi);
    let viewport = egui::ViewportBuilder::default().with_app_id("jp.hinamori.kiosk").with_title("Hinamori");
    let viewport = match options.windowed {
        // The window system gives points of its own scale; the size is put right after the start.
        Some((width, height)) => {
            viewport.with_inner_size([f32::from(width), f32::from(height)]).with_decorations(false)
        }
        None => viewport.with_fullscreen(true).with_decorations(false),
    };
    let native = eframe::NativeOptions {
        viewport,
        system_font_fallback: false,
        multisampling: 0,
        // For gradients, of which there are none; without a graphics processor every pixel pays for it.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let run = eframe::run_native(
        "hinamori-kiosk",
        native,
        Box::new(move |creation| Ok(Box::new(build(&creation.egui_ctx, options, scale)?))),
    );
    run.map_err(|error| anyhow::anyhow!("{error}"))
        .context("no window: is there a display (WAYLAND_DISPLAY or DISPLAY)?")
}

fn build(context: &egui::Context, options: Options, scale: f32) -> anyhow::Result<App> {
    install_fonts(context)?;
    // One point is one pixel of the reference panel, whatever the window system thinks of its scale.
    context.options_mut(|settings| settings.zoom_with_keyboard = false);
    context.set_pixels_per_point(scale);
    let waking = context.clone();
    let wake = Arc::new(move |urgency| match urgency {
        Urgency::Now => waking.request_repaint(),
        Urgency::Soon => waking.request_repaint_after(NUMBERS_AFTER),
    });
    let link = Link::start(options.socket, LaneId(options.lane), wake).context("no thread for the link")?;
    let (player, sound) = if options.sound == "off" {
        (None, SoundOutput::Off)
    } else {
        let heard = Heard::default();
        let (noted, waking) = (heard.clone(), context.clone());
        let found = Arc::new(move |output| {
            noted.note(output);
            waking.request_repaint();
        });
        let player = Player::start(options.sound, found).context("no thread for the sound")?;
        (Some((player, heard)), SoundOutput::Starting)
    };
    let frame_log = options.frame_log.as_deref().map(FrameLog::open).transpose().context("the frame log")?;
    let state = State { look: options.look, sound, ..State::default() };
    Ok(App::new(Parts { state, link, player, frame_log }))
}
