package wire

// Operation is what a method does, whatever its name in a dialect.
type Operation uint8

// The operations of A2A, section 3.
const (
	NoOperation Operation = iota
	Send
	SendStream
	Get
	List
	Cancel
	Subscribe
	SetPush
	GetPush
	ListPush
	DeletePush
	ExtendedCard
)

// String names the operation as A2A 1.0 does.
func (o Operation) String() string {
	return [...]string{
		"none", "SendMessage", "SendStreamingMessage", "GetTask", "ListTasks", "CancelTask", "SubscribeToTask",
		"CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig", "ListTaskPushNotificationConfigs",
		"DeleteTaskPushNotificationConfig", "GetExtendedAgentCard",
	}[o]
}

// Streams says whether the answer to the operation is a stream.
func (o Operation) Streams() bool { return o == SendStream || o == Subscribe }

// Push says whether the operation is about push notifications.
func (o Operation) Push() bool { return o >= SetPush && o <= DeletePush }

type method struct {
	operation Operation
	version   string
}

// methods are the names of all methods: those with slashes are of A2A 0.3, those
// in PascalCase of 1.0, section 5.3. Listing tasks has no name in 0.3 over
// JSON-RPC.
func methods() map[string]method { return byName }

var byName = map[string]method{ //nolint:gochecknoglobals // a constant table
	"message/send":                        {Send, "0.3"},
	"message/stream":                      {SendStream, "0.3"},
	"tasks/get":                           {Get, "0.3"},
	"tasks/cancel":                        {Cancel, "0.3"},
	"tasks/resubscribe":                   {Subscribe, "0.3"},
	"tasks/pushNotificationConfig/set":    {SetPush, "0.3"},
	"tasks/pushNotificationConfig/get":    {GetPush, "0.3"},
	"tasks/pushNotificationConfig/list":   {ListPush, "0.3"},
	"tasks/pushNotificationConfig/delete": {DeletePush, "0.3"},
	"agent/getAuthenticatedExtendedCard":  {ExtendedCard, "0.3"},

	"SendMessage":                      {Send, "1.0"},
	"SendStreamingMessage":             {SendStream, "1.0"},
	"GetTask":                          {Get, "1.0"},
	"ListTasks":                        {List, "1.0"},
	"CancelTask":                       {Cancel, "1.0"},
	"SubscribeToTask":                  {Subscribe, "1.0"},
	"CreateTaskPushNotificationConfig": {SetPush, "1.0"},
	"GetTaskPushNotificationConfig":    {GetPush, "1.0"},
	"ListTaskPushNotificationConfigs":  {ListPush, "1.0"},
	"DeleteTaskPushNotificationConfig": {DeletePush, "1.0"},
	"GetExtendedAgentCard":             {ExtendedCard, "1.0"},
}
