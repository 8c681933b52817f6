//! What keys do in the findings view: go through the commands and copy one. None is ever run.

use crate::tui::app::App;
use crate::tui::update::Effect;
use lambda_model::text;

/// Goes to the finding's next command.
pub(super) fn next_command(app: &mut App) {
    match app.commands().map(|(commands, _)| commands.len()) {
        Some(0) => app.notice = Some("This finding has no command".to_string()),
        Some(1) => app.notice = Some("This finding has only one command".to_string()),
        Some(_) => app.next_command(),
        None => {}
    }
}

/// Has the selected command copied.
pub(super) fn copy(app: &mut App, effects: &mut Vec<Effect>) {
    let Some((commands, place)) = app.commands() else { return };
    match commands.get(place) {
        Some(command) => effects.push(Effect::Copy(text::clean(command).into_owned())),
        None => app.notice = Some("This finding has no command".to_string()),
    }
}
