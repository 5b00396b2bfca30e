use crate::MessageKind;

/// The kind of the event that waits in a [`RecvBuf`](crate::RecvBuf).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingEvent {
    /// None.
    Nothing,
    /// A whole message, for [`RecvBuf::take_message`](crate::RecvBuf::take_message).
    Message,
    /// Part of a message, for [`RecvBuf::take_event`](crate::RecvBuf::take_event).
    Chunk,
    /// A request that is to be answered, for [`RecvBuf::take_event`](crate::RecvBuf::take_event).
    Request,
    /// Another event, for [`RecvBuf::take_event`](crate::RecvBuf::take_event).
    Other,
}

/// The event that waits to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ready {
    #[default]
    Nothing,
    /// A message that lies whole in the wire's memory. It is checked when it is taken: the code that lends a
    /// text has to check it anyway.
    Whole(MessageKind),
    /// A text that was to be taken, and is not UTF-8. It waits until the connection fails.
    NotText,
    /// A message that was gathered in the message's memory.
    Gathered(MessageKind),
    Chunk {
        kind: MessageKind,
        fin: bool,
    },
    /// A chunk that was inflated into the message's memory.
    Inflated {
        kind: MessageKind,
        fin: bool,
    },
    Ping,
    Pong,
    Close,
    Request,
    Open,
    /// The message's memory holds the head and the body.
    Rejected {
        whole: bool,
    },
}

impl Ready {
    /// Returns the kind of the event.
    #[inline]
    pub(super) const fn waiting_event(self) -> WaitingEvent {
        match self {
            Self::Nothing => WaitingEvent::Nothing,
            Self::Whole(_) | Self::NotText | Self::Gathered(_) => WaitingEvent::Message,
            Self::Chunk { .. } | Self::Inflated { .. } => WaitingEvent::Chunk,
            Self::Request => WaitingEvent::Request,
            Self::Ping | Self::Pong | Self::Close | Self::Open | Self::Rejected { .. } => WaitingEvent::Other,
        }
    }
}
