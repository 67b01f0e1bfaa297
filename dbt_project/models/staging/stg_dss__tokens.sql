{{ current_tokens('dss') }}
