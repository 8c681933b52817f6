//! The vocabulary of monitoring AWS Lambda, in Lambda's own terms, and the traits that a source of it answers.
//!
//! Plain values: a [`FunctionId`], a [`metric::Metric`] and its [`metric::SeriesId`], a [`log::LogEvent`], an
//! [`observation::Observation`] of what AWS said and when. [`api`] is the seam to AWS: implement its traits, and
//! everything that reads an account reads yours.
//!
//! Nothing here does IO, knows a terminal or an SDK type; the one clock is [`time::Clock`], handed to whoever needs it.
//!
//! ```
//! use lambda_model::Arn;
//!
//! let arn = Arn::new("arn:aws:lambda:eu-west-1:123456789012:function:checkout:live");
//! assert_eq!(arn.region(), Some("eu-west-1"));
//! assert_eq!(arn.lambda(), Some(("checkout", Some("live"))));
//! ```

pub mod api;
mod arn;
pub mod change;
pub mod demand;
pub mod deployment;
pub mod failure;
pub mod finding;
pub mod function;
pub mod log;
pub mod metric;
pub mod observation;
pub mod operation;
pub mod queue;
mod scope;
pub mod text;
pub mod time;

pub use arn::Arn;
pub use scope::{FunctionId, FunctionName, Scope};
