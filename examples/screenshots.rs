//! Draws the pictures of the documentation from the demo: `cargo run --example screenshots` writes `screenshots/*.svg`.
//!
//! The same session gives the same bytes; a test fails while the files differ from what the program draws.

use std::io;
use std::path::Path;

use lamtop::cli::{self, Invocation};
use lamtop::config::Surroundings;
use lamtop::error::Error;
use lamtop::export::svg;
use lamtop::run::stage;

/// A picture: its name, the size of the screen, the theme, and the keys that lead to it.
pub(crate) struct Shot {
    pub(crate) name: &'static str,
    size: (u16, u16),
    theme: &'static str,
    keys: &'static str,
}

pub(crate) const SHOTS: [Shot; 8] = [
    Shot { name: "overview", size: (120, 34), theme: "default", keys: "<20s>" },
    Shot { name: "findings", size: (120, 34), theme: "default", keys: "<20s>3<1s>" },
    Shot { name: "function", size: (120, 34), theme: "default", keys: "<20s>/webhook<enter><enter>m<2s>" },
    Shot { name: "live", size: (120, 40), theme: "default", keys: "<20s>/checkout<enter><enter><4s>v<1s>" },
    Shot { name: "logs", size: (120, 30), theme: "default", keys: "<20s>/webhook<enter><enter>L<1s>/Error<enter>" },
    Shot { name: "traffic", size: (120, 20), theme: "default", keys: "<20s>t<2s>" },
    Shot { name: "small", size: (80, 24), theme: "default", keys: "<20s>" },
    Shot { name: "light", size: (120, 34), theme: "light", keys: "<20s>" },
];

impl Shot {
    /// Runs the session and draws its last screen. It takes no real time: tokio's clock is paused.
    pub(crate) fn svg(&self) -> Result<String, Error> {
        let nothing_set = Surroundings { variable: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()) };
        let arguments = ["lamtop", "demo", "mixed", "--theme", self.theme];
        let Invocation::Demo { scenario: Some(scenario), settings, .. } = cli::parse(arguments, &nothing_set)? else {
            return Err(Error::usage(
                "the demo was asked for",
                "something else was understood",
                "report this as a bug",
            ));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| Error::usage("tokio cannot start", error, "check the limits"))?;
        runtime.block_on(async {
            let mut screen = stage::demo(&scenario, &settings, self.size)?;
            screen.keys(self.keys).await?;
            Ok(svg::write(&screen.picture(), "lamtop"))
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    for shot in SHOTS {
        std::fs::write(folder.join(shot.name).with_extension("svg"), shot.svg()?)?;
    }
    Ok(())
}
